"""What is told: ladders decided after each poll, and what people do about alerts."""
