import { Button, Select, SimpleGrid, Stack, Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api } from "../../api/client";
import { useMay, useSession } from "../../api/session";
import type { Session, Workspace } from "../../api/types";
import { instant } from "../../format";
import { Confirm } from "../../look/Confirm";
import { FormFailure, fieldErrors } from "../../look/FormFailure";
import { Section } from "../../look/Section";
import { Stat, Stats } from "../../look/Surface";
import { tell } from "../../look/tell";
import { CURRENCIES, TIME_ZONES, WEEK_STARTS } from "./places";

type Settings = Pick<Workspace, "name" | "time_zone" | "currency" | "week_start">;

/** The workspace's settings. Administrators change them; everybody may look. */
export function WorkspaceTab() {
  const { workspace } = useSession();
  const mayChange = useMay("admin");
  return (
    <Stack gap="md">
      <Section
        title="Workspace"
        about={mayChange ? undefined : "Administrators change these settings."}
      >
        {mayChange ? <WorkspaceForm workspace={workspace} /> : <Shown workspace={workspace} />}
      </Section>
      <Section title="Tracking start">
        <Text size="sm" fw={600}>
          {instant(workspace.tracking_from, workspace.time_zone)}
        </Text>
        <Text size="sm" c="dimmed" maw={640} mt={4}>
          Redemptions are tracked from this moment on. It was set once, and nobody can move it:
          otherwise rates of different times could not be compared.
        </Text>
      </Section>
    </Stack>
  );
}

/** The settings as those see them who may not change them. */
function Shown({ workspace }: { workspace: Workspace }) {
  const labelOf = (all: { value: string; label: string }[], value: string) =>
    all.find((one) => one.value === value)?.label ?? value;
  return (
    <Stats>
      <Stat label="Name" value={workspace.name} />
      <Stat label="Time zone" value={workspace.time_zone} />
      <Stat label="Currency" value={labelOf(CURRENCIES, workspace.currency)} />
      <Stat label="Week begins on" value={labelOf(WEEK_STARTS, workspace.week_start)} />
    </Stats>
  );
}

function WorkspaceForm({ workspace }: { workspace: Workspace }) {
  const form = useForm<Settings>({ initialValues: settings(workspace) });
  const [isAsking, setAsking] = useState(false);
  const saving = useSave((now) => {
    form.setInitialValues(settings(now));
    form.setValues(settings(now));
    setAsking(false);
  });
  const isRecounted =
    form.values.time_zone !== workspace.time_zone || form.values.currency !== workspace.currency;
  const save = () =>
    saving.mutate(form.values, {
      onError: (error) => {
        setAsking(false);
        form.setErrors(fieldErrors(error));
      },
    });
  return (
    <form onSubmit={form.onSubmit(() => (isRecounted ? setAsking(true) : save()))}>
      <Stack gap="md">
        <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="md" maw={720}>
          <TextInput
            label="Name"
            description="Shown to everybody who works in it."
            required
            maxLength={255}
            {...form.getInputProps("name")}
          />
          <Select
            label="Time zone"
            description="Days, weeks and months begin and end in it."
            data={withOwn(TIME_ZONES, workspace.time_zone)}
            searchable
            allowDeselect={false}
            nothingFoundMessage="No such time zone"
            limit={100}
            {...form.getInputProps("time_zone")}
          />
          <Select
            label="Currency"
            description="Of rewards that name none. Nothing is converted."
            data={CURRENCIES}
            searchable
            allowDeselect={false}
            nothingFoundMessage="No such currency"
            {...form.getInputProps("currency")}
          />
          <Select
            label="Week begins on"
            description="In breakdowns by week, and for weekly limits."
            data={WEEK_STARTS}
            allowDeselect={false}
            {...form.getInputProps("week_start")}
          />
        </SimpleGrid>
        <FormFailure error={saving.error} shown={["name", "time_zone", "currency", "week_start"]} />
        <Button
          type="submit"
          loading={saving.isPending}
          disabled={!form.isDirty()}
          style={{ alignSelf: "flex-start" }}
        >
          Save
        </Button>
      </Stack>
      <Confirm
        isOpen={isAsking}
        close={() => setAsking(false)}
        title="Count everything anew?"
        doing="Save and count anew"
        isBusy={saving.isPending}
        onConfirm={save}
      >
        Days, weeks and months lie elsewhere in another time zone, and costs that name no currency
        move with the workspace's, so all figures are counted anew from the facts. The facts stay as
        they are. With many of them this takes a while.
      </Confirm>
    </form>
  );
}

function useSave(onSaved: (workspace: Workspace) => void) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: Settings) => api<Workspace>("/v1/workspace", { method: "PATCH", body }),
    onSuccess: (workspace) => {
      queries.setQueryData<Session>(["session"], (old) => old && { ...old, workspace });
      queries.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== "session" });
      tell("The settings are saved.");
      onSaved(workspace);
    },
  });
}

const settings = ({ name, time_zone, currency, week_start }: Workspace): Settings => ({
  name,
  time_zone,
  currency,
  week_start,
});

/** A zone that this browser does not list is still the workspace's. */
const withOwn = (all: readonly string[], own: string): string[] =>
  all.includes(own) ? [...all] : [own, ...all];
