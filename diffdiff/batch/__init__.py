"""Many pictures: `diffdiff batch`, on this machine or on a Ray cluster."""
