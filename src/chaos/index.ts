/** `lazaret/chaos`: faults to inject into one's own fleet. */
export { corruptSnapshot, editFile, flipByte } from './disk-faults.ts'
export {
  askForbidden,
  type BusyProcesses,
  blockLoop,
  evaluateInThread,
  floodTells,
  killThread,
  leakMemory,
  saturateCpu,
  stallHeartbeat,
  type Target,
} from './faults.ts'
