/** `npm run test:whole` tries every case of a table; `npm test` those that differ most, so that it stays under 10 minutes. */
export const isWhole = process.env.LAZARET_TEST === 'whole'
