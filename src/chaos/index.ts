/** `lazaret/chaos`: faults to inject into one's own fleet. */
export { corruptSnapshot, editFile, evaluateInThread, floodTells, killThread } from './faults.ts'
