import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, it } from "vitest";
import { DocumentTurn } from "../../src/ingest/turns.ts";

async function turnsOfTheLoop(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await nextTurn();
}

it("gives one poll after the other its turn, in the order in which they came", async () => {
  const order: number[] = [];
  const turns = [1, 2, 3].map((number) => {
    const turn = new DocumentTurn();
    turn.take().then(() => order.push(number));
    return turn;
  });
  expect(order).toEqual([]);
  await nextTurn();
  expect(order.length).toBeLessThanOrEqual(1);
  await turnsOfTheLoop(5);
  expect(order).toEqual([1, 2, 3]);
  for (const turn of turns) turn[Symbol.dispose]();
});

it("lets no more documents wait for the store than it takes at once", async () => {
  const taken: DocumentTurn[] = [];
  const all = Array.from({ length: 110 }, () => {
    const turn = new DocumentTurn();
    turn.take().then(() => taken.push(turn));
    return turn;
  });
  await turnsOfTheLoop(100);
  expect(taken).toHaveLength(48);
  taken[0]?.[Symbol.dispose]();
  // Twice is as good as once.
  taken[0]?.[Symbol.dispose]();
  await turnsOfTheLoop(10);
  expect(taken).toHaveLength(49);
  for (const expected of [97, 110]) {
    for (const turn of all) turn[Symbol.dispose]();
    await turnsOfTheLoop(100);
    expect(taken).toHaveLength(expected);
  }
  for (const turn of all) turn[Symbol.dispose]();
});

it("gives a document that is read another turn before those that wait to be read", async () => {
  const order: string[] = [];
  const turns = ["a", "b", "c"].map((name) => {
    const turn = new DocumentTurn();
    turn
      .take()
      .then(() => {
        order.push(`${name} read`);
        return turn.takeAnother();
      })
      .then(() => order.push(`${name} ready`));
    return turn;
  });
  for (let count = 1; count <= 6; count += 1) {
    await turnsOfTheLoop(1);
    // Never two in one turn; the first may have come before this one.
    expect(order.length).toBeLessThanOrEqual(count);
  }
  await turnsOfTheLoop(3);
  expect(order).toEqual(["a read", "a ready", "b read", "b ready", "c read", "c ready"]);
  for (const turn of turns) turn[Symbol.dispose]();
});
