import { capital, count } from "../../format";
import { SIZES } from "./view";

/** Which page of how many promotions is shown, and how to go to another. */
export interface Paging {
  page: number;
  size: number;
  total: number;
  onPage: (page: number) => void;
  onSize: (size: number) => void;
}

/** The paging of a table in words that are read aloud too. */
export function pagingOf({ page, size, total, onPage, onSize }: Paging) {
  return {
    page,
    onPageChange: onPage,
    totalRecords: total,
    recordsPerPage: size,
    recordsPerPageOptions: SIZES,
    onRecordsPerPageChange: onSize,
    recordsPerPageLabel: "Rows on a page",
    paginationText: ({ from, to, totalRecords }: Record<"from" | "to" | "totalRecords", number>) =>
      `${count(from)} to ${count(to)} of ${count(totalRecords)}`,
    getPaginationControlProps: (control: string) => ({
      "aria-label": `${capital(control)} page`,
    }),
    getPaginationItemProps: (item: number) => ({ "aria-label": `Page ${item}` }),
  };
}
