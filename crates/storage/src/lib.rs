//! Where video files live
