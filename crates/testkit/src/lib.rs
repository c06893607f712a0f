//! For tests only: databases, Redis namespaces, waiting for a condition
