// Ends with 0 while the process of this container answers /livez on a port: the one that is given, or FLEETWAKE_HEALTH_PORT.
const port = process.argv[2] ?? process.env.FLEETWAKE_HEALTH_PORT;

fetch(`http://127.0.0.1:${port}/livez`).then(
  ({ ok }) => process.exit(ok ? 0 : 1),
  () => process.exit(1),
);
