"""Partner facilities as the registry feed describes them, and their bank accounts."""
