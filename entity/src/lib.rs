//! SeaORM entities: one file per table, with its scopes and its guarded transitions
