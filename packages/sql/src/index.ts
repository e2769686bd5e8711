export {
  type SqlDatabase,
  type SqlDialect,
  sqlStateSink,
  type SqlStateSink,
  type SqlStateSinkOptions,
} from './sql-state-sink.js';
