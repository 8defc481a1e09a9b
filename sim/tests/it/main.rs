//! The world from outside: a module per behavior.
mod attacks;
mod loading;
mod people;
