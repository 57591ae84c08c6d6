import { IconDownload } from "@tabler/icons-react";
import { fileName } from "../../look/csv";
import { useKnown } from "../known/useKnown";
import { audience, type Status } from "./audience";
import classes from "./breakdown.module.css";

interface Props {
  promotionId: string;
  status: Status;
  /** Which customers, in words: "not redeemed". */
  name: string;
  count: number;
}

/** Exports the customers behind a figure, for the next campaign. */
export function ExportLink({ promotionId, status, name, count }: Props) {
  const [known] = useKnown();
  if (count === 0 || known !== null) return null; // who it was then is not told
  return (
    <a
      className={classes.export}
      href={audience(promotionId, status)}
      download={fileName(promotionId, status)}
      aria-label={`Export customers: ${name}`}
    >
      <IconDownload size={15} stroke={1.7} aria-hidden />
      <span className={classes.word}>Export customers</span>
    </a>
  );
}
