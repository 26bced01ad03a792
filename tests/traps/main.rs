//! traps
mod breaking;
mod lasting;
mod limits;
mod timeline;
mod timers;
mod timing;
mod waiting;
