import type { Ledger } from "../../api/types";

export const SIDES = ["stored", "pending", "sampled_out", "rejected", "lost"] as const;

/** received - (stored + pending + sampled_out + rejected + lost): zero, or spans are unaccounted for. */
export function difference(ledger: Ledger): number {
  return ledger.received - SIDES.reduce((sum, side) => sum + ledger[side], 0);
}
