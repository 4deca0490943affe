/** Imports run one way (README.md, "Where things are"). `npm run check:imports` holds them, and that modules were read at all. */
const pure = '^(gateway/activation/|gateway/entitlement/(entitlement|reconcile)\\.ts|simulator/vehicle/)';
/** Where the parts of a live system are put together. */
const roots = '^(gateway/main\\.ts|gateway/live/|simulator/cli/|simulator/live/|test/)';

module.exports = {
  forbidden: [
    { name: 'no-circles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'pure-core',
      comment:
        'The lifecycle and the vehicle model import no package, no node module, no clock and no randomness.',
      severity: 'error',
      from: { path: pure },
      to: { pathNot: `${pure}|^shared/protocol/` },
    },
    {
      name: 'entitlement-knows-no-engine',
      comment:
        'What customers own stands on its own: the engine, the support desk and the platform API use it, none by way of another.',
      severity: 'error',
      from: { path: '^gateway/(entitlement|support|platform)/' },
      to: { path: '^gateway/engine/' },
    },
    {
      name: 'live-only-from-roots',
      severity: 'error',
      from: { pathNot: `${roots}|^shared/live/` },
      to: { path: '^shared/live/' },
    },
    {
      name: 'virtual-only-from-virtual-runs',
      severity: 'error',
      from: {
        pathNot:
          '^(shared/virtual|simulator/check/|simulator/moments/|simulator/virtual-system/|simulator/live/|simulator/cli|test)',
      },
      to: { path: '^shared/virtual/' },
    },
    {
      name: 'gateway-knows-no-simulator',
      severity: 'error',
      from: { path: '^gateway/' },
      to: { path: '^simulator/' },
    },
    {
      name: 'shared-is-the-ground',
      severity: 'error',
      from: { path: '^shared/' },
      to: { path: '^(gateway|simulator|test)/' },
    },
    {
      name: 'shipped-code-imports-no-test',
      severity: 'error',
      from: { pathNot: '^test/' },
      to: { path: '^test/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { extensions: ['.ts', '.tsx', '.js'] },
    exclude: { path: '^dist/' },
  },
};
