import { useState } from "react";
import type { Cadence, Source } from "../../../api/types";
import { FormFailure } from "../../../look/FormFailure";
import { useChangeSource } from "../sources";
import { CadenceChoice } from "./CadenceChoice";
import { StepFrame } from "./StepFrame";

/** Step 2: when the source reports. */
export function CadenceStep({ source, onDone }: { source: Source; onDone: () => void }) {
  const [cadence, setCadence] = useState<Cadence>(source.cadence);
  const changing = useChangeSource(source.name);
  const submit = () => {
    if (cadence === source.cadence) onDone();
    else changing.mutate({ cadence }, { onSuccess: onDone });
  };
  return (
    <StepFrame
      title={`When will ${source.name} report?`}
      about="The choice is yours and can be changed at any time. It differs in nothing but when figures move, and in how long a silence may last before you are told."
      next={{ label: "Continue", isBusy: changing.isPending, onClick: submit }}
    >
      <CadenceChoice value={cadence} onChange={setCadence} />
      <FormFailure error={changing.error} />
    </StepFrame>
  );
}
