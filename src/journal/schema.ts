/**
 * The tables, as SQL and as descriptions, and the way from an older file to this version. A step once released is never
 * edited: a change is a new step at the end of `migrations`. What is asked of the tables is in the files named after them.
 */
import { LazaretError } from '../base/errors.ts'
import type { Connection } from './connection.ts'
import type {
  AttemptRow,
  FailureRow,
  HotfixRow,
  IncidentRow,
  KernelRow,
  ParkedPatternRow,
  PlaybookUse,
  PlaybookVersionRow,
  PoisonRow,
  SettingRow,
  TaskRow,
} from './rows.ts'
import { Table } from './table.ts'

/** The step at index n brings a file from version n to n + 1. */
const migrations: readonly string[] = [
  `
CREATE TABLE kernels (id TEXT NOT NULL PRIMARY KEY, state TEXT NOT NULL, failures INTEGER NOT NULL, attempts INTEGER NOT NULL,
  starts INTEGER NOT NULL, incident TEXT, facts TEXT NOT NULL, at INTEGER NOT NULL);
CREATE TABLE incidents (id TEXT NOT NULL PRIMARY KEY, kernel TEXT NOT NULL, fingerprint TEXT NOT NULL, tier INTEGER NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('open', 'resolved')), openedAt INTEGER NOT NULL, resolvedAt INTEGER,
  count INTEGER NOT NULL, error TEXT NOT NULL, phase TEXT NOT NULL, folder TEXT, healedBy TEXT, playbook TEXT,
  resolution TEXT);
CREATE INDEX incidentsByKernel ON incidents (kernel, status);
CREATE TABLE failures (kernel TEXT NOT NULL, at INTEGER NOT NULL, fingerprint TEXT NOT NULL, error TEXT NOT NULL,
  phase TEXT NOT NULL, incident TEXT, decision TEXT NOT NULL);
CREATE INDEX failuresByKernel ON failures (kernel);
CREATE TABLE attempts (incident TEXT NOT NULL, n INTEGER NOT NULL, agent TEXT NOT NULL, healedBy TEXT NOT NULL,
  steps TEXT NOT NULL, why TEXT NOT NULL, verdict TEXT, at INTEGER NOT NULL, outcome TEXT NOT NULL,
  PRIMARY KEY (incident, n));
CREATE TABLE tasks (id TEXT NOT NULL PRIMARY KEY, incident TEXT NOT NULL, kernel TEXT NOT NULL, type TEXT NOT NULL,
  priority INTEGER NOT NULL, status TEXT NOT NULL CHECK (status IN ('open', 'closed')), error TEXT NOT NULL,
  diagnosticPath TEXT NOT NULL, log TEXT NOT NULL, createdAt INTEGER NOT NULL, closedAt INTEGER, outcome TEXT,
  remedy TEXT);
CREATE INDEX tasksByStatus ON tasks (status, priority);
CREATE TABLE poison (kernel TEXT NOT NULL, method TEXT NOT NULL, argsSha256 TEXT NOT NULL, crashes INTEGER NOT NULL,
  fingerprint TEXT, reason TEXT, parkedAt INTEGER, hotfix TEXT, at INTEGER NOT NULL, PRIMARY KEY (kernel, method, argsSha256));
CREATE TABLE hotfixes (id TEXT NOT NULL PRIMARY KEY, kernel TEXT NOT NULL, incident TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('probation', 'steady', 'rolledBack', 'dropped')), steps TEXT NOT NULL,
  agent TEXT NOT NULL, healedBy TEXT NOT NULL, why TEXT NOT NULL, file TEXT NOT NULL, at INTEGER NOT NULL, stateFrom TEXT,
  playbook TEXT);
CREATE INDEX hotfixesByKernel ON hotfixes (kernel, status);
CREATE TABLE playbookUses (playbook TEXT NOT NULL, kernel TEXT NOT NULL, incident TEXT NOT NULL,
  outcome TEXT NOT NULL CHECK (outcome IN ('succeeded', 'failed')), at INTEGER NOT NULL);
CREATE INDEX playbookUsesByPlaybook ON playbookUses (playbook, outcome);
CREATE TABLE deadLetters (id INTEGER PRIMARY KEY, kernel TEXT NOT NULL, "from" TEXT NOT NULL, method TEXT NOT NULL,
  kind TEXT NOT NULL, code TEXT NOT NULL, reason TEXT NOT NULL, args BLOB, argsBytes INTEGER, at INTEGER NOT NULL);
CREATE INDEX deadLettersByKernel ON deadLetters (kernel);
CREATE TABLE events (seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, type TEXT NOT NULL, kernel TEXT,
  facts TEXT NOT NULL);
CREATE INDEX eventsByKernel ON events (kernel, seq);
CREATE INDEX eventsByType ON events (type, seq);
`,
  `
ALTER TABLE attempts ADD COLUMN cost TEXT;
ALTER TABLE tasks ADD COLUMN claimedBy TEXT;
ALTER TABLE tasks ADD COLUMN claimedAt INTEGER;
ALTER TABLE tasks ADD COLUMN expiresAt INTEGER;
ALTER TABLE hotfixes RENAME TO hotfixes1;
DROP INDEX hotfixesByKernel;
CREATE TABLE hotfixes (id TEXT NOT NULL PRIMARY KEY, kernel TEXT NOT NULL, incident TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('probation', 'steady', 'rolledBack', 'dropped', 'writing', 'written')),
  steps TEXT NOT NULL, agent TEXT NOT NULL, healedBy TEXT NOT NULL, why TEXT NOT NULL, file TEXT NOT NULL,
  at INTEGER NOT NULL, stateFrom TEXT, playbook TEXT);
INSERT INTO hotfixes SELECT * FROM hotfixes1;
DROP TABLE hotfixes1;
CREATE INDEX hotfixesByKernel ON hotfixes (kernel, status);
CREATE TABLE settings (name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL, at INTEGER NOT NULL);
CREATE TABLE parkedPatterns (kernel TEXT NOT NULL, method TEXT NOT NULL, pattern TEXT NOT NULL, reason TEXT NOT NULL,
  hotfix TEXT, at INTEGER NOT NULL, PRIMARY KEY (kernel, method, pattern));
CREATE TABLE playbookVersions (kernel TEXT NOT NULL, version INTEGER NOT NULL, at INTEGER NOT NULL, change TEXT NOT NULL,
  playbook TEXT, text TEXT NOT NULL, PRIMARY KEY (kernel, version));
`,
  `
ALTER TABLE deadLetters ADD COLUMN replayedAt INTEGER;
ALTER TABLE deadLetters ADD COLUMN outcome TEXT;
`,
]

export const schemaVersion = migrations.length

export const kernelTable = new Table<KernelRow>('kernels', ['id'], {
  ...{ id: 'plain', state: 'plain', failures: 'plain', attempts: 'plain', starts: 'plain', incident: 'plain' },
  ...{ facts: 'json', at: 'plain' },
})

export const incidentTable = new Table<IncidentRow>('incidents', ['id'], {
  ...{ id: 'plain', kernel: 'plain', fingerprint: 'plain', tier: 'plain', status: 'plain', openedAt: 'plain' },
  ...{ resolvedAt: 'plain', count: 'plain', error: 'json', phase: 'plain', folder: 'plain', healedBy: 'plain' },
  ...{ playbook: 'plain', resolution: 'plain' },
})

export const failureTable = new Table<FailureRow>('failures', [], {
  ...{ kernel: 'plain', at: 'plain', fingerprint: 'plain', error: 'json', phase: 'plain', incident: 'plain' },
  ...{ decision: 'plain' },
})

export const attemptTable = new Table<AttemptRow>('attempts', ['incident', 'n'], {
  ...{ incident: 'plain', n: 'plain', agent: 'plain', healedBy: 'plain', steps: 'json', why: 'plain' },
  ...{ verdict: 'json', cost: 'json', at: 'plain', outcome: 'plain' },
})

export const taskTable = new Table<TaskRow>('tasks', ['id'], {
  ...{ id: 'plain', incident: 'plain', kernel: 'plain', type: 'plain', priority: 'plain', status: 'plain' },
  ...{ error: 'plain', diagnosticPath: 'plain', log: 'json', createdAt: 'plain', closedAt: 'plain' },
  ...{ outcome: 'plain', remedy: 'json', claimedBy: 'plain', claimedAt: 'plain', expiresAt: 'plain' },
})

export const poisonTable = new Table<PoisonRow>('poison', ['kernel', 'method', 'argsSha256'], {
  ...{ kernel: 'plain', method: 'plain', argsSha256: 'plain', crashes: 'plain', fingerprint: 'plain' },
  ...{ reason: 'plain', parkedAt: 'plain', hotfix: 'plain', at: 'plain' },
})

export const parkedPatternTable = new Table<ParkedPatternRow>('parkedPatterns', ['kernel', 'method', 'pattern'], {
  ...{ kernel: 'plain', method: 'plain', pattern: 'json', reason: 'plain', hotfix: 'plain', at: 'plain' },
})

export const hotfixTable = new Table<HotfixRow>('hotfixes', ['id'], {
  ...{ id: 'plain', kernel: 'plain', incident: 'plain', status: 'plain', steps: 'json', agent: 'plain' },
  ...{ healedBy: 'plain', why: 'plain', file: 'plain', at: 'plain', stateFrom: 'plain', playbook: 'plain' },
})

export const settingTable = new Table<SettingRow>('settings', ['name'], { name: 'plain', value: 'json', at: 'plain' })

export const playbookUseTable = new Table<PlaybookUse>('playbookUses', [], {
  ...{ playbook: 'plain', kernel: 'plain', incident: 'plain', outcome: 'plain', at: 'plain' },
})

export const playbookVersionTable = new Table<PlaybookVersionRow>('playbookVersions', ['kernel', 'version'], {
  ...{ kernel: 'plain', version: 'plain', at: 'plain', change: 'plain', playbook: 'plain', text: 'plain' },
})

export function versionOf(connection: Connection): number {
  return Number(connection.get('PRAGMA user_version')?.user_version ?? 0)
}

/** @throws LazaretError JOURNAL_FAILED where a newer Lazaret wrote the file. */
export function refuseNewer(connection: Connection, version: number): void {
  if (version <= schemaVersion) return
  const facts = `it has version ${version}, this one knows versions up to ${schemaVersion}`
  throw new LazaretError('JOURNAL_FAILED', `${connection.path} was written by a newer Lazaret: ${facts}`, {
    details: { path: connection.path, version, knownVersion: schemaVersion },
    hint: 'Update Lazaret, or give this runtime another dataDir.',
  })
}

/** Brings the file to this version, in one transaction: whole or not at all. */
export function migrate(connection: Connection): void {
  const version = versionOf(connection)
  refuseNewer(connection, version)
  if (version === schemaVersion) return
  connection.transaction(() => {
    for (const step of migrations.slice(version)) connection.exec(step)
    connection.exec(`PRAGMA user_version = ${schemaVersion}`)
  })
}
