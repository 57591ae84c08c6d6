import { Progress, Skeleton, Stepper, Text } from "@mantine/core";
import { useState } from "react";
import { useNavigate } from "react-router";
import type { Source } from "../../../api/types";
import { Failure } from "../../../look/Failure";
import { Surface } from "../../../look/Surface";
import { useShopOf } from "../shops/shops";
import { sourceAddress, useSource } from "../sources";
import { CadenceStep } from "./CadenceStep";
import { LiveStep } from "./LiveStep";
import { NameStep } from "./NameStep";
import { ShopTestStep } from "./ShopTestStep";
import { SignInStep } from "./SignInStep";
import { STEPS, type StepId, useStep } from "./steps";
import { TestStep } from "./TestStep";
import classes from "./wizard.module.css";

/** Five steps from nothing to a source that reports. Everything but the key's secret is kept as it is done. */
export function Wizard({ name }: { name: string | undefined }) {
  const { data: source, isPending, error, refetch } = useSource(name);
  const [step, go] = useStep(source);
  if (name && error) return <Failure error={error} again={refetch} />;
  return (
    <Surface>
      <Steps
        active={step}
        isNamed={Boolean(name)}
        isDone={step === "live" && source?.state === "live"}
        go={go}
      />
      <div className={classes.step}>
        {name && isPending ? (
          <Skeleton height={320} />
        ) : (
          <Step source={source} step={step} go={go} />
        )}
      </div>
    </Surface>
  );
}

interface StepProps {
  source: Source | undefined;
  step: StepId;
  go: (step: StepId) => void;
}

function Step({ source, step, go }: StepProps) {
  const navigate = useNavigate();
  const [secret, setSecret] = useState<string>();
  const { data: shop } = useShopOf(source?.name ?? "", step === "test");
  if (!source)
    return (
      <NameStep onNamed={(made) => navigate(`${sourceAddress(made.name)}/setup?step=cadence`)} />
    );
  switch (step) {
    case "key":
      return (
        <SignInStep
          source={source}
          secret={secret}
          setSecret={setSecret}
          onBack={() => go("cadence")}
          onDone={() => go("test")}
        />
      );
    case "test":
      return shop ? (
        <ShopTestStep shop={shop} onBack={() => go("key")} onDone={() => go("live")} />
      ) : (
        <TestStep
          source={source}
          secret={secret}
          onBack={() => go("key")}
          onDone={() => go("live")}
        />
      );
    case "live":
      return <LiveStep source={source} shop={shop} secret={secret} onBack={() => go("test")} />;
    default:
      return <CadenceStep source={source} onDone={() => go("key")} />;
  }
}

interface StepsProps {
  active: StepId;
  isNamed: boolean;
  isDone: boolean;
  go: (step: StepId) => void;
}

/** Where one is among the five. Once the source is named, any step can be gone to. */
function Steps({ active, isNamed, isDone, go }: StepsProps) {
  const place = STEPS.findIndex((one) => one.id === active);
  return (
    <div className={classes.steps}>
      <Stepper
        active={isDone ? STEPS.length : place}
        onStepClick={(index) => go(STEPS[index]?.id ?? "cadence")}
        size="sm"
        iconSize={32}
        visibleFrom="md"
      >
        {STEPS.map((one, index) => (
          <Stepper.Step
            key={one.id}
            label={one.label}
            description={one.about}
            allowStepSelect={isNamed && index > 0}
            aria-current={index === place ? "step" : undefined}
          />
        ))}
      </Stepper>
      <div className={classes.stepsShort}>
        <Text size="sm" fw={600}>
          Step {place + 1} of {STEPS.length}: {STEPS[place]?.label}
        </Text>
        <Progress
          value={((place + 1) / STEPS.length) * 100}
          mt={6}
          aria-label={`Step ${place + 1} of ${STEPS.length}`}
        />
      </div>
    </div>
  );
}
