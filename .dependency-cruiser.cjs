/** The arrows of docs/ARCHITECTURE.md: what a room may import. */
const pure = '^src/(hl7v2|fhir|mapping|record)/';
const deny = (name, from, to, comment) => ({
  name,
  severity: 'error',
  comment,
  from: { path: from },
  to: { path: to },
});
module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    deny(
      'pure-no-io',
      pure,
      '^(node:)?(fs|net|http|https|tls|dgram|child_process|worker_threads|os|dns|process)(/|$)',
      'A pure room does no I/O',
    ),
    deny(
      'pure-no-servers',
      pure,
      'node_modules/(fastify|@fastify|pino|mongodb|better-sqlite3|node-cron|prom-client)',
      'A pure room knows no server',
    ),
    deny('hl7v2-leaf', '^src/hl7v2/', '^src/(?!hl7v2/|limits)', 'hl7v2 imports nothing of ours'),
    deny('fhir-leaf', '^src/fhir/', '^src/(?!fhir/|limits)', 'fhir imports nothing of ours'),
    deny(
      'mapping',
      '^src/mapping/',
      '^src/(?!mapping/|hl7v2/|fhir/|limits)',
      'mapping knows hl7v2 and fhir only',
    ),
    deny('record', '^src/record/', '^src/(?!record/|fhir/|limits)', 'record knows fhir only'),
    deny('store', '^src/store/', '^src/(?!store/|fhir/|limits)', 'store knows fhir only'),
    deny(
      'security',
      '^src/security/',
      '^src/(?!security/|store/store\\.ts|fhir/|limits|config)',
      'security knows the port only',
    ),
    deny(
      'subscription',
      '^src/subscription/',
      '^src/(?!subscription/|security/|store/store\\.ts|fhir/|limits)',
      'subscription says what a Subscription means, and delivers nothing',
    ),
    deny(
      'feed',
      '^src/feed/',
      '^src/(rest|engage|insight|web|app|main|cli)',
      'feed, rest and engage meet in the store',
    ),
    deny(
      'rest',
      '^src/rest/',
      '^src/(feed|engage|insight|web|app|main|cli)',
      'feed, rest and engage meet in the store',
    ),
    deny(
      'engage',
      '^src/engage/',
      '^src/(rest|feed|insight|web|app|main|cli)',
      'feed, rest and engage meet in the store',
    ),
    deny(
      'only-app-names-a-store',
      '^src/(?!store/|app\\.ts|cli/)',
      '^src/store/(sqlite|mongodb|memory)',
      'Only app.ts names an implementation',
    ),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    exclude: { path: '^src/web/client' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.js', '.json'],
      conditionNames: ['import', 'node', 'default'],
    },
  },
};
