/** The thread that writes the store, seen from outside: when it is gone, so is the daemon, and a supervisor starts it again. */
import { expect, it } from "vitest";
import { Daemon } from "../support/daemon.ts";
import { createWorkspace } from "../support/workspace.ts";

it("does not go on without the thread that writes the store", async () => {
  await using workspace = await createWorkspace("sources: []\n");
  const ending = "process.on('worker', (thread) => setTimeout(() => thread.terminate(), 1500))";
  await using daemon = await Daemon.launch(workspace.config, {
    env: { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(ending)}` },
  });
  const error: unknown = await daemon
    .waitFor("ended", async () => false)
    .then(
      () => null,
      (failure: unknown) => failure,
    );
  expect(String(error)).toMatch(/the daemon ended \(1\)/);
  expect(daemon.output.stderr).toMatch(/the thread that writes the store .* has ended/);
  // Nothing of it is in the way of the next start.
  await using again = await Daemon.start(workspace.config);
  expect((await fetch(`${again.url}/healthz`)).status).toBe(200);
});
