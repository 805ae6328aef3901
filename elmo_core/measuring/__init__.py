"""What every measurement needs, of tasks and of analyses alike: splits, and numbers with intervals."""
