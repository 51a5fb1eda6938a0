import { expect, test } from "vitest";
import { difference } from "./ledger";

test("a ledger balances when every received span is somewhere", () => {
  const ledger = {
    received: 41_204,
    stored: 41_000,
    pending: 200,
    sampled_out: 0,
    rejected: 3,
    lost: 1,
    rejected_by: {},
    lost_by: {},
  };
  expect(difference(ledger)).toBe(0);
  expect(difference({ ...ledger, stored: 40_990 })).toBe(10);
});
