export interface RetryConfig {
  attempts: number
  firstMs: number
  factor: number
}

export function backoff({ attempts, firstMs, factor }: RetryConfig): number[] {
  return Array.from({ length: attempts }, (_, n) => firstMs * factor ** n)
}
