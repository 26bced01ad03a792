//! traps
mod breaking;
mod timeline;
mod timers;
mod timing;
mod waiting;
