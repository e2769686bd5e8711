export * from './conformance/conformance.js';
export { commandStoreConformance } from './conformance/commands/command-store.conformance.js';
export { documentStoreConformance } from './conformance/documents/document-store.conformance.js';
export { eventLogConformance } from './conformance/event-log/event-log.conformance.js';
export { limitStoreConformance } from './conformance/limits/limit-store.conformance.js';
export { sessionStoreConformance } from './conformance/sessions/session-store.conformance.js';
export * from './sequence-checker.js';
