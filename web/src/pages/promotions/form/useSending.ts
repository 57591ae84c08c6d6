import { useQueryClient } from "@tanstack/react-query";
import { useLocation, useNavigate } from "react-router";
import type { Promotion } from "../../../api/types";
import { count } from "../../../format";
import { tell } from "../../../look/tell";
import { renew, tellFailure } from "../changes";
import { addCodes } from "./saving";
import type { FormValues } from "./values";

/** What an editor is handed when codes could not be added on the way to it. */
export interface Carried {
  codes?: string;
}

/** The way back to the grid, and what is done once a definition was taken. */
export function useSending() {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const { search } = useLocation();
  const back = () => navigate({ pathname: "/promotions", search });

  const finish = async (promotion: Promotion, values: FormValues, said: string) => {
    const id = promotion.promotion_id;
    renew(queries, id);
    if (values.kind !== "personalized" || !values.codes.trim()) {
      tell(said);
      return back();
    }
    try {
      const { received, added } = await addCodes(id, values.codes);
      tell(`${said} ${count(received)} codes received, ${count(added)} new.`);
      back();
    } catch (error) {
      tellFailure(`${said} Its codes could not be added`, error);
      const carried: Carried = { codes: values.codes };
      navigate(
        { pathname: `/promotions/${encodeURIComponent(id)}/edit`, search },
        { state: carried, replace: true },
      );
    }
  };
  return { back, finish };
}
