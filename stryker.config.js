/** Mutation testing of what stands between a client's bytes and a session; CONTRIBUTING.md says how to run it. */
export default {
  mutate: ['src/codec/**/*.ts', 'src/session/**/*.ts', 'src/credential/**/*.ts'],
  thresholds: { high: 95, low: 90, break: 90 },

  plugins: ['./scripts/mutation/node-test-runner.js'],
  testRunner: 'node-test',
  coverageAnalysis: 'perTest',
  buildCommand: 'node scripts/mutation/build.js',
  ignorePatterns: ['/.ci', '/bench', '/build', '/dist', '/docs', '/example', '/reports'],
  // Stryker would rewrite it by an API that TypeScript 7 has no more. There is nothing in it to rewrite.
  tsconfigFile: 'none',
  concurrency: 2,
  timeoutMS: 30_000,

  reporters: ['clear-text', 'progress-append-only', 'html', 'json'],
  clearTextReporter: { allowColor: false, reportTests: false },

  // In the order in which they are tried: those first that kill the most in the least time.
  mutation: {
    trialsPerProcess: 50,
    testFiles: [
      'test/codec/plain.test.js',
      'test/codec/keys.test.js',
      'test/session/record.test.js',
      'test/session/lifetime.test.js',
      'test/session/merge.test.js',
      'test/session/nesting.test.js',
      'test/session/content.test.js',
      'test/session/object.test.js',
      'test/owner/accounts.test.js',
      'test/credential/chunks.test.js',
      'test/credential/oversize.test.js',
      'test/credential/session-key.test.js',
      'test/credential/signing-keys.test.js',
      'test/credential/stock-cookies.test.js',
      'test/credential/external-key.test.js',
      'test/credential/reading.test.js',
      'test/credential/writing.test.js',
      'test/credential/prefixed.test.js',
      'test/options/secure.test.js',
      'test/options/genid.test.js',
      'test/options/mistakes.test.js',
      'test/session/damaged.test.js',
      'test/codec/xaes.test.js',
      'test/codec/sealed.test.js',
    ],
  },
};
