"""The commands of ``entropic net``, one file each."""
