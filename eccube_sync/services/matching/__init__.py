"""Who is whom: plan and apply a classification, explain it, train and judge the model."""
