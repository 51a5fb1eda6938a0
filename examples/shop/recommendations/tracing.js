// Loaded before the service (node --require ./tracing.js): the unmodified SDK, set up by OTEL_* variables.
const { HttpInstrumentation } = require("@opentelemetry/instrumentation-http");
const { UndiciInstrumentation } = require("@opentelemetry/instrumentation-undici");
const { NodeSDK } = require("@opentelemetry/sdk-node");

const sdk = new NodeSDK({
  instrumentations: [new HttpInstrumentation(), new UndiciInstrumentation()],
});
sdk.start();

const end = () => sdk.shutdown().finally(() => process.exit(0));
process.once("SIGTERM", end);
process.stdin.once("end", end).resume(); // the shop that started this process is gone
