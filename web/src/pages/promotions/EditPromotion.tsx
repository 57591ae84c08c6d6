import { Alert, Skeleton, Stack } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useLocation, useParams } from "react-router";
import { api, promotionPath } from "../../api/client";
import { useMay, useSession } from "../../api/session";
import type { Promotion } from "../../api/types";
import { Failure } from "../../look/Failure";
import { FormDrawer } from "./form/FormDrawer";
import { PromotionForm } from "./form/PromotionForm";
import { save } from "./form/saving";
import { type Carried, useSending } from "./form/useSending";
import { type FormValues, valuesOf } from "./form/values";

const SAVE = { name: "save", label: "Save changes" };
const SAVE_AND_ACTIVATE = { name: "activate", label: "Save and activate" };

/** Changing a promotion, in a drawer over the grid. */
export function Component() {
  const { promotionId = "" } = useParams();
  const { back } = useSending();
  const may = useMay("promotions:write");
  const { data, error, refetch } = useQuery({
    queryKey: ["promotion", promotionId],
    queryFn: ({ signal }) => api<Promotion>(promotionPath(promotionId), { signal }),
  });
  return (
    <FormDrawer title={data ? `Edit ${data.name}` : "Edit promotion"} onClose={back}>
      {error ? (
        <Failure error={error} again={refetch} />
      ) : !data ? (
        <Waiting />
      ) : !may ? (
        <Unchangeable why="Your role may look at promotions, not change them." />
      ) : data.status === "archived" ? (
        <Unchangeable why="An archived promotion is final. Duplicate it to go on from it." />
      ) : (
        <Editor key={promotionId} promotion={data} />
      )}
    </FormDrawer>
  );
}

function Editor({ promotion }: { promotion: Promotion }) {
  const zone = useSession().workspace.time_zone;
  const carried: Carried | null = useLocation().state;
  // What is edited is the promotion as it was opened; figures that move meanwhile change nothing here.
  const [opened] = useState(() => valuesOf(promotion, zone));
  const { back, finish } = useSending();
  const send = async (values: FormValues, intent: string) => {
    const status = intent === "activate" ? "active" : null;
    const saved = await save(opened, values, zone, status);
    await finish(saved, values, `${saved.name} is saved${status ? " and active" : ""}.`);
  };
  const isDraft = promotion.status === "draft";
  return (
    <PromotionForm
      initial={opened}
      codes={carried?.codes}
      status={promotion.status}
      intents={isDraft ? [SAVE, SAVE_AND_ACTIVATE] : [SAVE]}
      onSend={send}
      onCancel={back}
    />
  );
}

function Unchangeable({ why }: { why: string }) {
  return <Alert m="md" variant="light" title={why} />;
}

function Waiting() {
  return (
    <Stack p="lg" gap="lg" role="status" aria-label="Loading the promotion">
      <Skeleton h={60} />
      <Skeleton h={160} />
      <Skeleton h={60} />
      <Skeleton h={60} />
    </Stack>
  );
}
