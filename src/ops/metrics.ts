import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

/** What /metrics shows. Labels are bounded: feeds, codes, methods; never a patient, never free text. */
export interface Metrics {
  readonly registry: Registry;
  readonly messages: Counter<'feed' | 'ack'>;
  readonly messageSeconds: Histogram<'feed'>;
  readonly requests: Counter<'method' | 'route' | 'status'>;
  readonly requestSeconds: Histogram<'method' | 'route'>;
  readonly mllpConnections: Gauge;
  readonly outboxPending: Gauge;
}

export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: 'weir_' });
  const registers = [registry];
  return {
    registry,
    messages: new Counter({
      name: 'weir_messages_total',
      help: 'HL7 v2 messages answered, by feed and acknowledgment code',
      labelNames: ['feed', 'ack'],
      registers,
    }),
    messageSeconds: new Histogram({
      name: 'weir_message_seconds',
      help: 'From the whole frame to its answer',
      labelNames: ['feed'],
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5],
      registers,
    }),
    requests: new Counter({
      name: 'weir_http_requests_total',
      help: 'HTTP requests answered',
      labelNames: ['method', 'route', 'status'],
      registers,
    }),
    requestSeconds: new Histogram({
      name: 'weir_http_request_seconds',
      help: 'Time to answer an HTTP request',
      labelNames: ['method', 'route'],
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5],
      registers,
    }),
    mllpConnections: new Gauge({
      name: 'weir_mllp_connections',
      help: 'Open MLLP connections',
      registers,
    }),
    outboxPending: new Gauge({
      name: 'weir_outbox_pending',
      help: 'Events that no rule run has finished yet',
      registers,
    }),
  };
}
