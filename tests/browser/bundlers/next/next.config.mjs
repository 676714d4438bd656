// The one setting that the package needs where the server itself makes fingerprints: Turbopack gives bundled code
// a URL of its own, which Node's readFile does not take.

export default { serverExternalPackages: ['onmon'] };
