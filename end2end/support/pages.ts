/** Rendered on the server, without any script. */
export const PUBLIC_PAGES = ['/', '/features', '/security', '/self-hosting', '/docs/api', '/privacy'];
