export { sqlStateSink, type SqlStateSink, type SqlStateSinkOptions } from './sql-state-sink.js';
