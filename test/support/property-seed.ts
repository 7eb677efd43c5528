/**
 * The seed of every property test: a fixed one, so that a failing run says something about the change and not about
 * luck. `npm run test:properties` draws a new one each time.
 */
import fc from "fast-check";

const seed = process.env.MAINSTEM_PROPERTY_SEED ?? "20261126";
if (seed !== "random") fc.configureGlobal({ seed: Number(seed) });
