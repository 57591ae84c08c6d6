import { Accordion, SimpleGrid, Text, TextInput } from "@mantine/core";
import look from "../../look/look.module.css";
import { Surface } from "../../look/Surface";
import classes from "./integrations.module.css";
import { PromotionChoice } from "./wizard/PromotionChoice";
import { Snippets } from "./wizard/Snippets";
import { NO_KEY } from "./wizard/snippets";
import { useSample } from "./wizard/useSample";

/** Requests to copy, for whoever works on the system. */
export function SnippetsSection() {
  return (
    <Surface>
      <Accordion
        variant="filled"
        keepMounted={false}
        order={2}
        classNames={{
          item: classes.fold,
          control: classes.foldControl,
          content: classes.foldContent,
        }}
      >
        <Accordion.Item value="snippets">
          <Accordion.Control>
            <span className={look.sectionTitle}>How it reports</span>
            <Text size="sm" c="dimmed">
              Snippets in curl, Python and JavaScript, and for files.
            </Text>
          </Accordion.Control>
          <Accordion.Panel>
            <Samples />
          </Accordion.Panel>
        </Accordion.Item>
      </Accordion>
    </Surface>
  );
}

function Samples() {
  const { event, choosePromotion, setCustomer } = useSample();
  const sample = { origin: window.location.origin, key: NO_KEY, event, isTest: true };
  return (
    <>
      <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm" mb="md" maw={640}>
        <PromotionChoice value={event.promotion_id} onChange={choosePromotion} />
        <TextInput
          label="Customer"
          description="One who was assigned it, if there is one"
          value={event.customer_id}
          onChange={(change) => setCustomer(change.currentTarget.value)}
        />
      </SimpleGrid>
      <Snippets sample={sample} />
      <Text size="sm" c="dimmed" mt="sm" maw={640}>
        Put a key of this source where it says {NO_KEY}. These are tests, of which nothing is
        counted; without dry_run=true they report real redemptions.
      </Text>
    </>
  );
}
