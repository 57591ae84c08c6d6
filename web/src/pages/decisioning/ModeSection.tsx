import { Button } from "@mantine/core";
import { useState } from "react";
import { useMay } from "../../api/session";
import type { Decisioning } from "../../api/types";
import { count, counted, share } from "../../format";
import { Ago } from "../../look/Ago";
import { Stat, Stats, Surface } from "../../look/Surface";
import { Tag } from "../../look/Tag";
import { ChangeMode } from "./ChangeMode";
import classes from "./decisioning.module.css";
import { modeWords, offerName } from "./words";

/** The state of decisioning in one look: its mode, how much it decided and learned; and the switch. */
export function ModeSection({ decisioning }: { decisioning: Decisioning }) {
  const { settings, decisions, modes, learned, policy_version: version } = decisioning;
  const [isOpen, setOpen] = useState(false);
  const mayChange = useMay("promotions:write");
  const { label, state, tone, says } = modeWords(settings.mode);
  const offers = modes.reduce((sum, one) => sum + one.offers, 0);
  const control = modes.find((one) => one.mode === "control")?.decisions ?? 0;
  const last = modes.flatMap((one) => one.last_at ?? []).sort();
  const latest = last[last.length - 1];
  return (
    <section aria-label="State">
      <Surface padded>
        <div className={classes.mode}>
          <div>
            <div className={classes.modeName}>
              <strong>{label}</strong>
              <Tag tone={tone}>{state}</Tag>
            </div>
            <p className={classes.quiet}>
              {says}
              {settings.mode === "fixed" && (
                <>
                  {" "}
                  Now:{" "}
                  <b>{offerName(settings.fixed?.promotion_id ?? null, settings.fixed?.tier_id)}</b>.
                </>
              )}
            </p>
          </div>
          {mayChange ? (
            <Button variant="default" onClick={() => setOpen(true)}>
              Change mode
            </Button>
          ) : (
            <span className={classes.quiet}>Your role may look, not change.</span>
          )}
        </div>
        <Stats>
          <Stat
            label="Decisions"
            value={count(decisions)}
            more={latest ? <>last {<Ago at={latest} />}</> : "none yet"}
          />
          <Stat
            label="With an offer"
            value={decisions ? share(offers / decisions) : "–"}
            more={counted(offers, "offer")}
          />
          <Stat
            label="Control group"
            value={share(settings.control_share)}
            more={`of customers, ${counted(control, "decision")}`}
          />
          <Stat
            label="Learned from"
            value={count(learned.decisions)}
            more={`${count(learned.redeemed)} redeemed`}
          />
          <Stat
            label="Policy"
            value={version}
            more={
              learned.waiting > 0
                ? `${counted(learned.waiting, "result")} to learn from`
                : learned.learned_at
                  ? "up to date"
                  : "nothing learned yet"
            }
          />
        </Stats>
      </Surface>
      {isOpen && <ChangeMode settings={settings} close={() => setOpen(false)} />}
    </section>
  );
}
