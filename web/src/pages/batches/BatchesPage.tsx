import { Button, Group, Skeleton } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconFileImport, IconUpload } from "@tabler/icons-react";
import { useMay } from "../../api/session";
import { CsvLink } from "../../look/CsvLink";
import { Empty } from "../../look/Empty";
import { Failure } from "../../look/Failure";
import { PageHeader } from "../../look/PageHeader";
import { Surface } from "../../look/Surface";
import classes from "./batches.module.css";
import { ImportLine } from "./ImportLine";
import { useImports } from "./imports";
import { SendFile } from "./SendFile";

/** Batches: files that were sent, how far each is, and what became of its rows. */
export function Component() {
  const { data, error, refetch, isFetchingNextPage, fetchNextPage, hasNextPage } = useImports();
  const [isSending, sending] = useDisclosure();
  const maySend = useMay("redemptions:write");
  const imports = data?.pages.flatMap((page) => page.items);
  const send = maySend && (
    <Button leftSection={<IconUpload size={16} />} onClick={sending.open}>
      Send a file
    </Button>
  );
  return (
    <>
      <PageHeader
        title="Batches"
        about="Files of any size. Figures move once, at the end of each; sending a file twice changes nothing."
      >
        {imports && imports.length > 0 && <CsvLink path="/v1/imports" of="batches" />}
        {send}
      </PageHeader>
      {error && <Failure error={error} again={refetch} />}
      <Surface>
        {!imports && !error && <Skeleton height={320} />}
        {imports?.length === 0 && (
          <Empty
            icon={IconFileImport}
            title="No file was sent yet"
            why="Send promotions, assignments and redemptions as CSV, JSON or Parquet, or let your systems send them to the API."
          >
            {send}
          </Empty>
        )}
        <ul className={classes.list}>
          {imports?.map((one) => (
            <ImportLine key={one.import_id} one={one} />
          ))}
        </ul>
      </Surface>
      {hasNextPage && (
        <Group justify="center" mt="md">
          <Button variant="default" onClick={() => fetchNextPage()} loading={isFetchingNextPage}>
            Show more
          </Button>
        </Group>
      )}
      <SendFile opened={isSending} close={sending.close} />
    </>
  );
}
