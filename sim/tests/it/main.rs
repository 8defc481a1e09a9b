//! The world from outside: a module per behavior.
mod account_attacks;
mod attacks;
mod campaigns;
mod checkpoint;
mod defects;
mod faults;
mod gallery;
mod learning;
mod loading;
mod measures;
mod modes;
mod mud;
mod operations;
mod outcome;
mod people;
mod recording;
mod trials;
