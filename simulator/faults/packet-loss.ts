/** What packet loss is drawn from: the share of TCP segments that are lost, and the time of a round trip without loss. */
export interface PacketLoss {
  readonly lossRate: number;
  readonly roundTripMs: number;
}

export interface Retransmission {
  /** By how much the last byte arrives later than without loss. */
  readonly delayMs: number;
  /** The sender's TCP retransmitted in vain as often as it may, and ends the connection after the delay. */
  readonly isGivenUp: boolean;
}

/** Payload of a TCP segment on Ethernet. */
const segmentBytes = 1_460;
/** Linux adds at least this to the measured round trip (TCP_RTO_MIN); RFC 6298 section 2. */
const timeoutMinMs = 200;
/** No retransmission waits longer (TCP_RTO_MAX). */
const timeoutMaxMs = 120_000;
/** `tcp_retries2` of Linux: after so many retransmissions the connection ends, about a quarter of an hour later. */
const retransmissionsMax = 15;
/** So many duplicate acknowledgements announce a loss before the time-out does (RFC 5681 section 3.2). */
const duplicateAcknowledgements = 3;

/**
 * Returns what packet loss does to bytes that are written at once. TCP loses none: each lost segment is sent again, after a
 * round trip where three later segments announce the loss, else after the retransmission time-out, which doubles with each
 * further loss (RFC 6298 section 5.5). Later bytes wait for it. `draw` returns a number from 0 to 1, below 1.
 */
export function retransmissionOf(bytes: number, loss: PacketLoss, draw: () => number): Retransmission {
  const segments = Math.max(1, Math.ceil(bytes / segmentBytes));
  const worst = { delayMs: 0, isGivenUp: false };
  for (let segment = 0; segment < segments; segment += 1) {
    const losses = lossesOf(loss.lossRate, draw);
    const isAnnounced = segments - 1 - segment >= duplicateAcknowledgements;
    worst.delayMs = Math.max(worst.delayMs, delayOf(losses, loss.roundTripMs, isAnnounced));
    if (losses > retransmissionsMax) return { delayMs: worst.delayMs, isGivenUp: true };
  }
  return worst;
}

/** Returns how often in a row one segment is lost; one more than the retransmissions is for good. */
function lossesOf(lossRate: number, draw: () => number): number {
  let losses = 0;
  while (losses <= retransmissionsMax && draw() < lossRate) losses += 1;
  return losses;
}

function delayOf(losses: number, roundTripMs: number, isAnnounced: boolean): number {
  let delayMs = 0;
  let timeoutMs = roundTripMs + timeoutMinMs;
  for (let loss = 0; loss < losses; loss += 1) {
    if (loss === 0 && isAnnounced) {
      delayMs += roundTripMs;
      continue;
    }
    delayMs += timeoutMs;
    timeoutMs = Math.min(2 * timeoutMs, timeoutMaxMs);
  }
  return delayMs;
}
