export const defaultWindow = { lengthMs: 60_000, calls: 2 }
