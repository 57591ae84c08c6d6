import { Button, SimpleGrid, Stack, Text, TextInput } from "@mantine/core";
import { Link } from "react-router";
import type { Source } from "../../../api/types";
import { PromotionChoice } from "./PromotionChoice";
import { Snippets } from "./Snippets";
import { StepFrame } from "./StepFrame";
import { NO_KEY } from "./snippets";
import { NoKey, TestPanel } from "./TestPanel";
import { useSample } from "./useSample";
import classes from "./wizard.module.css";

interface Props {
  source: Source;
  secret: string | undefined;
  onBack: () => void;
  onDone: () => void;
}

/** Step 4: a request that works as it is, and the place where it is seen to land. */
export function TestStep({ source, secret, onBack, onDone }: Props) {
  const { event, hasPromotion, choosePromotion, setCustomer } = useSample();
  const sample = { origin: window.location.origin, key: secret ?? NO_KEY, event, isTest: true };
  const next = { label: "Continue", onClick: onDone };
  return (
    <StepFrame
      title="Send a test event"
      about="The address, the key and the ids are real, and dry_run=true makes it a test: it is checked and answered like any other, and nothing is counted."
      onBack={onBack}
      next={source.test ? next : undefined}
      aside={
        !source.test && (
          <Button variant="subtle" onClick={onDone}>
            Skip the test
          </Button>
        )
      }
    >
      <div className={classes.try}>
        <Stack gap="md" miw={0}>
          <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm">
            <PromotionChoice value={event.promotion_id} onChange={choosePromotion} />
            <TextInput
              label="Customer"
              description="One who was assigned it, if there is one"
              value={event.customer_id}
              maxLength={255}
              onChange={(change) => setCustomer(change.currentTarget.value)}
            />
          </SimpleGrid>
          {!hasPromotion && (
            <Text size="sm" c="dimmed">
              No promotion is active yet, so the test will say that it is unknown; that is fine. You
              can <Link to="/promotions/new">create a promotion</Link> at any time.
            </Text>
          )}
          {!secret && <NoKey onBack={onBack} />}
          <Snippets sample={sample} />
        </Stack>
        <TestPanel source={source.name} secret={secret} event={event} />
      </div>
    </StepFrame>
  );
}
