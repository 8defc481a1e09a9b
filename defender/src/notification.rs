//! What would have gone to SNS, in the service's own JSON.
