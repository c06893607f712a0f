//! The stand-in upstream: a real HTTP server that speaks the Sora dialects
