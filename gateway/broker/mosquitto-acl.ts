/** Access rules of the fleet in Mosquitto's words, as far as it can say them (gateway/broker/access.ts has all of them). */
export const mosquittoAcl = `# Who may read and write what. The embedded broker has the same rules (gateway/broker/access.ts), and more that Mosquitto
# cannot say: whose client id is whose, that a status must be retained and a result must not.

# The API IoT writes commands and reads what vehicles say.
user api-iot
topic write vehicles/+/cmd/configure
topic read vehicles/+/evt/result
topic read vehicles/+/evt/status
topic read vehicles/+/telemetry

# Reads everything, writes nothing: for operators and for the checker of a run.
user monitor
topic read vehicles/#

# Every vehicle, by its user name, which is its VIN (%u).
pattern read vehicles/%u/cmd/#
pattern write vehicles/%u/evt/result
pattern write vehicles/%u/evt/status
pattern write vehicles/%u/telemetry
`;
