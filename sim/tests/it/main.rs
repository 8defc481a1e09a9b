//! The world from outside: a module per behavior.
mod loading;
